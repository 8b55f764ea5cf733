import type { CallOptions } from 'cutover'
import { Bench } from 'tinybench'

export interface Callable<Req, Res> {
  call(request: Req, options?: CallOptions): Res | Promise<Res>
}

/** Runs `atOnce` loops that call one request after the other, until `calls` are answered. */
export async function load<Req, Res>(
  target: Callable<Req, Res>,
  request: Req,
  { atOnce, calls, options }: { readonly atOnce: number; readonly calls: number; readonly options?: CallOptions },
): Promise<void> {
  let left = calls
  const loop = async () => {
    while (left-- > 0) await target.call(request, options)
  }
  await Promise.all(Array.from({ length: atOnce }, loop))
}

/** Calls per second: the median of as many runs of `how.calls` as fit into `time` ms. */
export async function rateOf<Req, Res>(
  target: Callable<Req, Res>,
  request: Req,
  how: { readonly atOnce: number; readonly calls: number; readonly options?: CallOptions },
  time = 10,
): Promise<number> {
  const bench = new Bench({ time, iterations: 1, warmup: false, throws: true })
  bench.add('calls', () => load(target, request, how))
  const [task] = await bench.run()
  if (task?.result.state !== 'completed') throw new Error(`The benchmark ended in state ${task?.result.state}.`)
  return (how.calls / task.result.latency.p50) * 1e3
}
