import { Hosting } from '../fixtures/hosting.js'

/** 1.0.0 serves, 2.0.0 runs as next. Both answer with their version. */
export async function pair(options?: ConstructorParameters<typeof Hosting>[0]) {
  const hosting = new Hosting(options)
  const one = await hosting.serve('1.0.0', { autoStop: true })
  const two = hosting.addWilling('2.0.0')
  await hosting.aggregate.setVersion('1.0.0', '2.0.0')
  return { hosting, aggregate: hosting.aggregate, one, two }
}

/** As {@link pair}, with runtimes that answer at once with their version. */
export async function answering(options?: ConstructorParameters<typeof Hosting>[0]) {
  const its = await pair(options)
  its.one.call = async () => 'active'
  its.two.call = async () => 'next'
  const askAll = async (keys: readonly (string | undefined)[]) => {
    const answers = keys.map(key => its.aggregate.call('who', key === undefined ? undefined : { key }))
    return await Promise.all(answers)
  }
  return { ...its, askAll }
}

export const times = <T>(count: number, value: (i: number) => T) => Array.from({ length: count }, (_, i) => value(i))
export const countOf = (answers: readonly string[]) => answers.filter(answer => answer === 'next').length
/** How many standard deviations a count is off. */
export const deviationOf = (count: number, of: number, share: number) => {
  return Math.abs(count - of * share) / Math.sqrt(of * share * (1 - share))
}
