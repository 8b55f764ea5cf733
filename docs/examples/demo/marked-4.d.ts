/** As much as the demo needs of marked 4, which has no types of its own. */
declare module 'marked-4' {
  export interface Marked4Options {
    /** Whether mail addresses are written in a random mix of entities; on by default. */
    readonly mangle?: boolean
  }

  export function parse(markdown: string, options?: Marked4Options): string
}
