import { vi } from 'vitest'

// Runs before each file. Many files share a process: nothing that the last test of one replaced is left for the next.
vi.restoreAllMocks()
vi.unstubAllEnvs()
vi.unstubAllGlobals()
vi.useRealTimers()
