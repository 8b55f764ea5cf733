/** The URL of a file in `fixtures/`, resolved from the compiled code. */
export function fixture(name: string): URL {
  return new URL(`../../../../test/bench/fixtures/${name}.mjs`, import.meta.url)
}
