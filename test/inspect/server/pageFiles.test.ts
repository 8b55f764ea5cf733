import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { pageFiles } from '../../../src/inspect/server/pageFiles.js'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'page-'))
})
afterEach(() => rm(folder, { recursive: true }))

const filesOf = () => pageFiles(pathToFileURL(`${folder}/`))

it('Serves the files that are in the folder at the start, with their content types, and no others', async () => {
  for (const name of ['index.html', 'page.js', 'page.css', 'page.js.map', 'notes']) {
    await writeFile(join(folder, name), `this is ${name}`)
  }
  await mkdir(join(folder, 'folder.js'))
  const files = await filesOf()
  await writeFile(join(folder, 'later.js'), '')
  expect([...files].map(([path, { contentType }]) => `${path} ${contentType}`).sort()).toEqual([
    '/ text/html; charset=utf-8',
    '/folder.js text/javascript; charset=utf-8',
    '/index.html text/html; charset=utf-8',
    '/page.css text/css; charset=utf-8',
    '/page.js text/javascript; charset=utf-8',
  ])
  expect(String(await files.get('/')?.read())).toBe('this is index.html')
  await expect(files.get('/folder.js')?.read()).rejects.toThrow()
})

it('Says what to do when the page is not built, or was left behind by a bundler', async () => {
  const files = await filesOf()
  expect([...files.keys()]).toEqual(['/'])
  expect(files.get('/')?.contentType).toBe('text/plain; charset=utf-8')
  expect(await files.get('/')?.read()).toMatch(/leave cutover\/inspect outside the bundle.*npm run build/s)
})

it('Reads a file once, on the first request, and again only after a failure', async () => {
  await writeFile(join(folder, 'page.js'), 'first')
  const file = (await filesOf()).get('/page.js')
  await rm(join(folder, 'page.js'))
  await expect(file?.read()).rejects.toThrow('ENOENT')
  await writeFile(join(folder, 'page.js'), 'second')
  const [one, other] = await Promise.all([file?.read(), file?.read()])
  expect(String(one)).toBe('second')
  expect(other).toBe(one)
  expect(await file?.read()).toBe(one)
})
