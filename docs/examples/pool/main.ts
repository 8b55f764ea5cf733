import { Aggregate } from 'cutover'
import { childProcess, pool } from 'cutover/hosts'

const module = new URL('../../../../docs/examples/pool/primes.mjs', import.meta.url)
const cores = pool(childProcess({ module }), { size: 2, concurrency: 1 })

const primes = new Aggregate<number, number>({ id: 'primes' })
primes.addVersion('1.0.0', cores.provision({ id: 'primes', version: '1.0.0' }))
primes.start()
await primes.setVersion('1.0.0')

const counts = await Promise.all([10, 100, 1_000, 10_000].map(limit => primes.call(limit)))
console.log(counts) // [ 4, 25, 168, 1229 ]
console.log(primes.metrics().versions[0]?.pool) // { state: 'full', up: 2, size: 2 }
await primes.dispose()
