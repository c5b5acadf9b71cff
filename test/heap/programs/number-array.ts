class LatencyRecorder {
  readonly samples: number[] = [];
}
const recorder = new LatencyRecorder();

export function handle(index: number): void {
  for (let part = 0; part < 20; part++) recorder.samples.push(index + part / 7);
}
