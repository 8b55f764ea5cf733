/** A file of `subjects/`, seen from what is compiled. */
export function subject(name: string): URL {
  return new URL(`../../../../test/bench/subjects/${name}.mjs`, import.meta.url)
}
