/** `1,234` */
export function figure(value: number): string {
  return value.toLocaleString('en')
}

/** `1 request`, `2 requests` */
export function counted(value: number, what: string): string {
  const plural = /ss$/.test(what) ? `${what}es` : `${what}s`
  return `${figure(value)} ${value === 1 ? what : plural}`
}

const UNITS = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1_000],
] as const

/** `1h 5m`, `30s`, `1.5s`, `250ms` */
export function time(ms: number): string {
  if (ms < 1_000) return `${Math.round(ms)}ms`
  if (ms < 10_000) return `${Number((ms / 1_000).toFixed(1))}s`
  const first = UNITS.findIndex(([, size]) => ms >= size)
  const parts: string[] = []
  let rest = ms
  for (const [unit, size] of UNITS.slice(first, first + 2)) {
    const count = Math.floor(rest / size)
    rest -= count * size
    if (count > 0) parts.push(`${count}${unit}`)
  }
  return parts.join(' ')
}

/** `340 kB` */
export function size(bytes: number): string {
  if (bytes < 1_000) return counted(bytes, 'byte')
  return bytes < 1_000_000 ? `${Math.round(bytes / 1_000)} kB` : `${(bytes / 1_000_000).toFixed(1)} MB`
}

/** Breaks a text between words into lines of at most so many columns. A longer word has a line of its own. */
export function wrapped(text: string, columns: number): readonly string[] {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + word.length + 1 > columns) {
      lines.push(line)
      line = word
    } else line += line === '' ? word : ` ${word}`
  }
  return [...lines, line]
}
