import { runAggregate } from './aggregateModel.js'

runAggregate('overlap')
