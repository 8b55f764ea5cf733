import { Aggregate } from 'cutover'
import { childProcess, pool } from 'cutover/hosts'

const module = new URL('../../../../docs/examples/pool/primes.mjs', import.meta.url)

// As many processes as there are cores. Each gets one call at a time, because the module computes and never waits.
const cores = pool(childProcess({ module }), { concurrency: 1, waitTimeout: 60_000 })
const provision = (version: string) => cores.provision<number, number>({ id: 'primes', version })

const primes = new Aggregate<number, number>({ id: 'primes' })
primes.addVersion('1.0.0', provision('1.0.0'))
primes.start()
await primes.setVersion('1.0.0')
const counts = await Promise.all(Array.from({ length: 100 }, () => primes.call(1_000)))
console.log(`${counts.length} calls, answered ${counts[0]}`)

// The next version starts beside it, a quarter of its processes at a time, and takes over when all are up.
primes.addVersion('1.1.0', provision('1.1.0'))
await primes.setVersion('1.0.0', '1.1.0')
await primes.whenRunning({ version: '1.1.0' })
await primes.setVersion('1.1.0')
console.log(
  `${primes.getActiveVersion()}: ${primes.metrics().versions.find(({ role }) => role === 'active')?.pool?.state}`,
)
await primes.dispose()
