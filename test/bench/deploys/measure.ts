import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { KeptConnections } from '../harness/keptConnections.js'
import type { Contender } from './contenders.js'
import { memoryOf } from './memory.js'

const PORT = 3987
const URL = `http://127.0.0.1:${PORT}`
/** How often an answer is asked for until there is one, in ms. */
const INTERVAL = 5
const START_TIMEOUT = 60_000
/** Idle memory is measured so long after the first answer, in ms. */
const SETTLE = 2_000

/** Starts a service, and stops it behind the measurement. */
async function started<Result>(contender: Contender, measure: (began: number) => Promise<Result>): Promise<Result> {
  const folder = mkdtempSync(join(tmpdir(), 'deploys-'))
  const began = performance.now()
  try {
    await contender.start(folder, PORT)
    await untilAnswered(began)
    return await measure(began)
  } finally {
    await contender.stop()
    rmSync(folder, { recursive: true, force: true })
  }
}

async function answers(): Promise<boolean> {
  return fetch(URL).then(
    async response => {
      await response.text()
      return response.ok
    },
    () => false,
  )
}

async function untilAnswered(began: number): Promise<void> {
  while (!(await answers())) {
    if (performance.now() - began > START_TIMEOUT) throw new Error(`There is no answer within ${START_TIMEOUT} ms.`)
    await wait(INTERVAL)
  }
}

/** Deploys and goes back under load, then deploys something that throws. @returns a row of the table */
export function deployRow(contender: Contender, deploys: number, rollbacks: number): Promise<string> {
  return started(contender, async () => {
    const clients = new KeptConnections(URL)
    const began = performance.now()
    let undone = 0
    let refused = 0
    for (let deploy = 1; deploy <= deploys; deploy++) {
      if ((await contender.deploy()) === 1) refused++
      if (undone >= Math.floor((deploy * rollbacks) / deploys)) continue
      undone++
      if ((await contender.rollback()) === 1) refused++
    }
    const each = (performance.now() - began) / (deploys + undone)
    await clients.end()
    const answered = Object.values(clients.answered).reduce((sum, value) => sum + value, 0)
    const brokenAt = performance.now()
    contender.break()
    const code = await contender.deploy()
    const took = performance.now() - brokenAt
    const place = (await answers()) ? 'the old version serves' : 'down'
    return row(
      contender.name,
      `${deploys}, ${undone}`,
      `${figure(clients.failed.length)} of ${figure(answered + clients.failed.length)}${refused === 0 ? '' : `, ${refused} deploys failed`}`,
      seconds(each),
      `exit code ${code ?? 'none'} after ${seconds(took)}, ${place}`,
    )
  })
}

/** Starts a service some times. @returns a row of the table, of medians */
export async function startRow(make: () => Contender, starts: number): Promise<string> {
  const times: number[] = []
  const bytes: number[] = []
  let processes = 0
  for (let start = 0; start < starts; start++) {
    const contender = make()
    await started(contender, async began => {
      times.push(performance.now() - began)
      await wait(SETTLE)
      const memory = memoryOf(contender.pid())
      bytes.push(memory.bytes)
      processes = memory.processes
    })
  }
  const [name = ''] = make().name.split(',')
  return row(name, seconds(median(times)), `${Math.round(median(bytes) / 1e6)} MB`, String(processes))
}

const row = (...cells: readonly string[]) => `| ${cells.join(' | ')} |`
const seconds = (ms: number) => `${(ms / 1_000).toFixed(ms < 10_000 ? 2 : 1)} s`
const figure = (value: number) => value.toLocaleString('en')

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN
}
