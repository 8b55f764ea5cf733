import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { noNatsServer } from '../fixtures/installed.js'
import { followRecipe } from '../fixtures/package/recipe.js'

/** The packages that each page installs, besides cutover. A page without commands is not executed. */
const EXECUTED: Readonly<Record<string, readonly string[]>> = {
  esbuild: ['esbuild'],
  'http-service': [],
  jest: ['jest'],
  'model-server': [],
  prometheus: ['prom-client'],
  // Its whole scope.
  remote: ['@nats-io'],
  'replace-pm2-reload': [],
  'roll-back': [],
  tsx: ['tsx'],
  'upgrade-endpoint': [],
  vite: ['vite'],
  vitest: ['vitest'],
}
const NOT_EXECUTED = ['docker']
/** Their program is one of docs/examples, which test/docs executes. */
const EXAMPLES = ['compare', 'cores', 'piscina', 'sunday']

describe('docs/recipes', () => {
  it('Every page is executed here or is an example, or says nothing that could be', () => {
    const pages = readdirSync('docs/recipes').map(file => file.replace('.md', ''))
    expect(pages.toSorted()).toEqual([...Object.keys(EXECUTED), ...NOT_EXECUTED, ...EXAMPLES].toSorted())
  })

  it.for(Object.entries(EXECUTED))(
    '%s.md works as it is written',
    { timeout: 240_000 },
    async ([page, packages], { skip }) => {
      if (page === 'remote' && noNatsServer !== undefined) skip(noNatsServer)
      const runs = await followRecipe(`docs/recipes/${page}.md`, packages)
      expect(runs.length).toBeGreaterThan(0)
      const announced = runs.filter(run => run.announced !== undefined)
      expect(announced).toHaveLength(readFileSync(`docs/recipes/${page}.md`, 'utf8').split('```text\n').length - 1)
      expect(announced.map(({ printed }) => printed)).toEqual(announced.map(run => run.announced))
    },
  )
})
