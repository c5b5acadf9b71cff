/**
 * The part of the host's registry that leakwatch uses. Structural, because the registries of `prom-client` and of its
 * successor `@prometheus-io/client` are different classes; each accepts metrics of the other.
 */
export interface MetricsRegistry {
  readonly contentType: string;
  /** The exposition of every metric in the registry, the host's own included. */
  metrics(): Promise<string>;
  registerMetric(metric: object): void;
  getSingleMetric(name: string): object | undefined;
  removeSingleMetric(name: string): void;
}
