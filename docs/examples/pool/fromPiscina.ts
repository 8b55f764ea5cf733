import { pool, workerThread } from 'cutover/hosts'

// new Piscina({ filename, minThreads: 2, maxThreads: 2 })
const module = new URL('../../../../docs/examples/pool/primes.mjs', import.meta.url)
const threads = pool(workerThread({ module }), { size: 2, concurrency: 1 })
const primes = threads.provision<number, number>({ id: 'primes', version: '1.0.0' })
primes.start()

// piscina.run(10_000)
console.log(await primes.call(10_000))

// piscina.run(1_000_000, { signal })
const slow = primes.call(1_000_000, { signal: AbortSignal.timeout(20) })
const others = [100, 1_000].map(limit => primes.call(limit))
console.log(await slow.catch((error: Error) => error.name), await Promise.all(others))

// piscina.destroy()
await primes.stop()
