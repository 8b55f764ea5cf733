/** The seed of the random tests of this file; set `SEED` to run them as they ran before. */
export const seed = Number(process.env['SEED'] ?? Math.trunc(Math.random() * 2 ** 31))

console.info(`random tests: SEED=${seed}`)
