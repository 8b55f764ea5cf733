import { open } from 'node:fs/promises'

/** The error codes of file systems that cannot do it with a folder, such as some of a network. */
const NOT_POSSIBLE: readonly unknown[] = ['EINVAL', 'EBADF', 'ENOTSUP']

/** Writes a file, or the names in a folder, to the disk, so that it is there after a power cut. */
export async function syncPath(path: string): Promise<void> {
  const handle = await open(path)
  try {
    await handle.sync()
  } catch (error) {
    if (!NOT_POSSIBLE.includes((error as NodeJS.ErrnoException).code)) throw error
  } finally {
    await handle.close()
  }
}
