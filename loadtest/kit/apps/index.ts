import type { AppUnderTest } from './app-under-test.ts';
import { counterUnderTest } from './counter.ts';
import { gridUnderTest } from './grid.ts';

/** The applications that are played under faults. */
export const APPS_UNDER_TEST = ['grid', 'counter'] as const;
export type AppName = (typeof APPS_UNDER_TEST)[number];

export const appUnderTest = (name: AppName): AppUnderTest => ({ grid: gridUnderTest, counter: counterUnderTest })[name];
