// The library asks for the polyfill before its own first line: everybody imports it from here.
import 'reflect-metadata';

export * from '@peculiar/x509';
