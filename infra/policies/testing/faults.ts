// Tests of policies with faults that are planted into a good set of manifests.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Manifest, Policy } from '../index.ts';
import { goodManifests, type Loose } from './good-manifests.ts';

/** The good set, by kind. */
export type Objects = Record<string, Loose>;

/** The policy that the fault breaks, its name, the function that plants it, and the expected complaint. */
export type Fault = readonly [string, string, (objects: Objects) => unknown, RegExp];

export const podOf = ({ Deployment }: Objects): Loose => Deployment!.spec.template.spec;
export const containerOf = (objects: Objects): Loose => podOf(objects).containers[0];
export const securityOf = (objects: Objects): Loose => containerOf(objects).securityContext;
export const setOf = (objects: Objects): Manifest[] => Object.values(objects) as unknown as Manifest[];

/** One test per fault; a policy without a fault fails. */
export function testFaults(policies: readonly Policy[], faults: readonly Fault[]): void {
  for (const [policy, what, plant, pattern] of faults) {
    test(`${policy} finds ${what}`, () => {
      const objects = goodManifests();
      plant(objects);
      const all = setOf(objects);
      const { check } = policies.find(({ name }) => name === policy)!;
      assert.match(all.flatMap((manifest) => check(manifest, all)).join('\n'), pattern);
    });
  }
  for (const { name } of policies) {
    test(`${name} has a fault that it finds`, () => {
      assert.ok(faults.some(([policy]) => policy === name));
    });
  }
}
