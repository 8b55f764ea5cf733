import { assertRuntime, CutoverError, invalidOption, type Runtime } from '../../contract/index.js'
import { checkConfig, type Provisioner, type RuntimeConfig } from '../provisioner.js'
import { compilePool, type PoolOptions } from './poolOptions.js'
import { PoolRuntime } from './poolRuntime.js'

/**
 * A provisioner of pools: several instances of one version that look like one runtime, so that a version uses all cores.
 *
 * - `start()` starts the instances, `concurrentStarts` at a time. When `ready` of them are up, the pool emits `started`; the others
 *   follow. It emits `failedToStart` once for each round of attempts that cannot bring up `ready`.
 * - A call goes to the instance with the fewest calls in flight, ties in turn; with a `key`, always to the same instance while that
 *   is up; with `broadcast`, to all.
 * - An instance that dies gets no calls, and its own calls reject with `CUTOVER_RUNTIME_LOST`. Its supervisor launches it again, and
 *   the others go on. When the last one has died, the pool emits `stopped`, and `started` when one is back.
 * - `abort()`, `setRole()`, `updateCapabilityTEE()` and `stop()` reach all instances. `getInfo()` and `getCapabilityTEE()` ask the
 *   first that is up.
 *
 * Calls reject as those of the instances do, and with CutoverError `CUTOVER_POOL_BUSY` (no room within `waitTimeout`) or
 * `CUTOVER_TOO_MANY_WAITING_CALLS`.
 *
 * ```ts
 * const rules = pool(childProcess({ module: new URL('./rules.mjs', import.meta.url) }), { concurrency: 1 })
 * aggregate.addVersion('1.0.0', rules.provision({ id: 'rules', version: '1.0.0' }))
 * ```
 *
 * @param provisioner - makes each instance; `config.instance` is its number
 * @throws CutoverError `CUTOVER_INVALID_OPTION`; `provision` also what the provisioner throws, and `CUTOVER_INVALID_RUNTIME`
 */
export function pool(provisioner: Provisioner, options: PoolOptions = {}): Provisioner {
  if (typeof (provisioner as Partial<Provisioner> | null)?.provision !== 'function') {
    throw invalidOption('provisioner', 'a host such as childProcess({ module })', provisioner)
  }
  const compiled = compilePool(options)
  return {
    name: `pool of ${provisioner.name}`,
    provision<Req, Res>(given: RuntimeConfig) {
      const config = checkConfig(given)
      const { size } = compiled.machine
      const runtimes = Array.from({ length: size }, (_, instance) =>
        provisioner.provision<Req, Res>({ ...config, instance }),
      )
      checkInstances(runtimes)
      return new PoolRuntime<Req, Res>(config, compiled, runtimes)
    },
  }
}

function checkInstances(runtimes: readonly Runtime[]): void {
  for (const runtime of runtimes) assertRuntime(runtime)
  if (new Set(runtimes).size === runtimes.length) return
  const message = 'The provisioner of a pool returned the same runtime twice. It must make a new one for each instance.'
  throw new CutoverError('CUTOVER_INVALID_RUNTIME', message)
}
