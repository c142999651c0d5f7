export interface BenchResult {
  name: string;
  unit: string;
  value: number;
  higherIsBetter: boolean;
  detail?: Record<string, number>;
}
