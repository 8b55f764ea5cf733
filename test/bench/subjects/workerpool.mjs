import workerpool from 'workerpool'

workerpool.worker({ echo: request => request })
