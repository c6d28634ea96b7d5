// The globals of k6, in addition to those of the language.
declare const __ENV: Readonly<Record<string, string>>;
