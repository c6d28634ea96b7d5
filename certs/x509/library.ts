// The library needs the polyfill before its own first line, so every file imports it from here.
import 'reflect-metadata';

export * from '@peculiar/x509';
