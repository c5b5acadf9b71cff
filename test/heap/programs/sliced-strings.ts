const userAgents: string[] = [];

/** A header cut out of a request keeps the text of the whole request. */
export function handle(index: number): void {
  const request = `GET / HTTP/1.1\r\nx: ${index}\r\n`.padEnd(4000, `planted-secret-${index} `);
  userAgents.push(request.substring(16, 60));
}
