export function processFields(pid: number): string[] | undefined;
export function processStart(pid: number): string | undefined;
