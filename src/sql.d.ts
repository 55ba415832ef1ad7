/** SQL files are imported as text and end up inside the executable. */
declare module "*.sql" {
  const statements: string;
  export default statements;
}
