/** A folder of its own for each peer, gone when the peer is. */
import { rmSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

const folders = new Set<TemporaryFolder>();

process.once('exit', () => {
  for (const { path } of folders) rmSync(path, { recursive: true, force: true });
});

export class TemporaryFolder {
  readonly path: string;

  private constructor(path: string) {
    this.path = path;
    folders.add(this);
  }

  static async make(name: string): Promise<TemporaryFolder> {
    return new TemporaryFolder(await mkdtemp(join(tmpdir(), `verona-${name}-`)));
  }

  /** Writes a file, with the folders above it; returns its full path. */
  async write(name: string, content: string, mode = 0o600): Promise<string> {
    const path = join(this.path, name);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, content, { mode });
    return path;
  }

  async folder(name: string): Promise<string> {
    const path = join(this.path, name);
    await mkdir(path, { recursive: true });
    return path;
  }

  /** Removes it all. A program that ended a moment ago may still close files: that is tried again. */
  async remove(): Promise<void> {
    await rm(this.path, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 });
    folders.delete(this);
  }
}
