import fc from 'fast-check'

// The first value that fails tells the mutant: a smaller one takes seconds to find, and nobody reads it.
fc.configureGlobal({ endOnFailure: true })
