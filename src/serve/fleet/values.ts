/** The options of `cutover fleet` that have a form of their own. */
import type { WaveOptions } from '../../fleet/index.js'
import { duration, type Kind } from '../options/values.js'

/** Waves: `1,10:5m,50%:5m,100`. */
export const waves: Kind<readonly WaveOptions[]> = {
  form: 'rising shares in percent that end with 100, each with or without its soak, such as 1,10:5m,100',
  read: text => {
    const read = text.split(',').map(waveIn)
    const isRising = read.every((wave, at) => wave !== undefined && wave.percent > (read[at - 1]?.percent ?? 0))
    return isRising && read.at(-1)?.percent === 100 ? (read as WaveOptions[]) : undefined
  },
}

function waveIn(text: string): WaveOptions | undefined {
  const [, digits, time] = /^(\d*\.?\d+)%?(?::([\w.]+))?$/.exec(text.trim()) ?? []
  const percent = Number(digits)
  if (!(percent > 0 && percent <= 100)) return undefined
  if (time === undefined) return { percent }
  const soak = duration.read(time)
  return soak === undefined ? undefined : { percent, soak }
}

/** The addresses of servers of one cluster. */
export const servers: Kind<readonly string[]> = {
  form: 'one address or several with commas, such as nats://10.0.0.5:4222',
  read: text => {
    const read = text.split(',').map(server => server.trim())
    return read.every(server => /^(?:(?:nats|tls):\/\/)?[^\s/]+$/.test(server)) ? read : undefined
  },
}
