/** The seed of the random tests of this file; set `SEED` to run them as they ran before. */
export const seed = Number(process.env['SEED'] ?? Math.trunc(Math.random() * 2 ** 31))

/** The number of random values of a test: `RUNS`, or as many as usual. */
export const runs = (usual: number) => Number(process.env['RUNS'] ?? usual)

console.info(`random tests: SEED=${seed}`)
