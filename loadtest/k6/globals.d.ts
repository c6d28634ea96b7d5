// What k6 puts into the global scope besides the language itself.
declare const __ENV: Readonly<Record<string, string>>;
