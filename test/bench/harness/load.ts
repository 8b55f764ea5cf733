import type { CallOptions } from 'cutover'
import { Bench } from 'tinybench'

export interface Callable<Req, Res> {
  call(request: Req, options?: CallOptions): Res | Promise<Res>
}

/** `atOnce` loops that call one after the other, until `calls` are answered. */
export async function load<Req, Res>(
  subject: Callable<Req, Res>,
  request: Req,
  { atOnce, calls, options }: { readonly atOnce: number; readonly calls: number; readonly options?: CallOptions },
): Promise<void> {
  let left = calls
  const lane = async () => {
    while (left-- > 0) await subject.call(request, options)
  }
  await Promise.all(Array.from({ length: atOnce }, lane))
}

/** Calls per second: the median of as many runs of `how.calls` as have room in `time` ms. */
export async function rateOf<Req, Res>(
  subject: Callable<Req, Res>,
  request: Req,
  how: { readonly atOnce: number; readonly calls: number; readonly options?: CallOptions },
  time = 10,
): Promise<number> {
  const bench = new Bench({ time, iterations: 1, warmup: false, throws: true })
  bench.add('calls', () => load(subject, request, how))
  const [task] = await bench.run()
  if (task?.result.state !== 'completed') throw new Error(`The benchmark ended as ${task?.result.state}.`)
  return (how.calls / task.result.latency.p50) * 1e3
}
