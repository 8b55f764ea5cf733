/** The part of marked 4 that the demo uses; marked 4 has no types. */
declare module 'marked-4' {
  export interface Marked4Options {
    /** Whether mail addresses are written in a random mix of entities; on by default. */
    readonly mangle?: boolean
  }

  export function parse(markdown: string, options?: Marked4Options): string
}
