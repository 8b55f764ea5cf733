import type { Question } from '../harness/question.js'
import { badCandidateRows } from './underLoad/badCandidate.js'
import { RATE } from './underLoad/hosts.js'
import { rollBackRows } from './underLoad/rollBack.js'
import { swapRows } from './underLoad/swaps.js'

export const question: Question = {
  number: 11,
  title: `What do users notice of swaps and rollouts, under ${RATE.toLocaleString('en')} calls/s?`,
  async run(form) {
    return [...(await swapRows(form)), ...(await badCandidateRows(form)), ...(await rollBackRows(form))]
  },
}
