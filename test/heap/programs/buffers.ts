class UploadStore {
  readonly chunks: Buffer[] = [];
}
const uploads = new UploadStore();

export function handle(index: number): void {
  uploads.chunks.push(Buffer.alloc(8192, index % 256));
}
