import { expect, it } from 'vitest'
import { hostOf } from './guestOf.js'

it.each(['SIGTERM', 'RuntimeShutdownRequest'])('A program that is told to end by %s exits with code 0', async how => {
  const { program, connection, begin } = await hostOf()
  await begin()
  if (how === 'SIGTERM') program.process.kill('SIGTERM')
  else await connection.request('RuntimeShutdownRequest', {})
  expect(await program.ended).toBe(0)
})
