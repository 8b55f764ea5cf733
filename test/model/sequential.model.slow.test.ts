import { runAggregate } from './aggregateModel.js'

runAggregate('sequential')
