// Strangers write the text of certificates, requests and files, and a terminal obeys some characters in it.

/** C0 and C1 controls, marks of text direction, line separators and invisible characters. */
const UNSAFE =
  /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;

const escaped = (character: string): string => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;

/** One line that is safe to print: characters that move the cursor or hide text become escapes such as `\u001b`. */
export function printable(text: string): string {
  return text.replace(UNSAFE, escaped);
}

/** Like `printable`, for text of several lines whose line ends are trusted. */
export function printableLines(text: string): string {
  return text.replace(UNSAFE, (character) => (character === '\n' ? character : escaped(character)));
}

/** JSON in which no character is left that a terminal obeys: the same value, written with more escapes. */
export function printableJson(value: unknown): string {
  return printableLines(JSON.stringify(value, null, 2));
}
