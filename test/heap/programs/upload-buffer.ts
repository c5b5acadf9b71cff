class Upload {
  data = Buffer.alloc(0);
}
const upload = new Upload();

export function handle(index: number): void {
  upload.data = Buffer.concat([upload.data, Buffer.alloc(200, index)]);
}
