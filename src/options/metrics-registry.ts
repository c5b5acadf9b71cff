/**
 * What is needed of a registry that the host brings along. Structural, because a registry of `prom-client`
 * and one of its successor `@prometheus-io/client` are different classes; both take metrics of either.
 */
export interface MetricsRegistry {
  readonly contentType: string;
  /** The exposition of every metric in the registry, the host's own included. */
  metrics(): Promise<string>;
  registerMetric(metric: object): void;
  getSingleMetric(name: string): object | undefined;
  removeSingleMetric(name: string): void;
}
