import { open } from 'node:fs/promises'

/** What file systems that cannot do it answer, such as some of a network. */
const NOT_POSSIBLE: readonly unknown[] = ['EINVAL', 'EBADF', 'ENOTSUP']

/** Writes the names in a folder to the disk, so that a file that was renamed into it is there after a power cut. */
export async function syncFolder(path: string): Promise<void> {
  const folder = await open(path)
  try {
    await folder.sync()
  } catch (error) {
    if (!NOT_POSSIBLE.includes((error as NodeJS.ErrnoException).code)) throw error
  } finally {
    await folder.close()
  }
}
