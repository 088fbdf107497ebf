import tseslint from 'typescript-eslint';

const undefinedIn = (property) =>
  `${property}[optional=true] > TSTypeAnnotation > TSUnionType > TSUndefinedKeyword`;

/** Habits of this code base that no ready-made rule states. */
const HABITS = [
  {
    selector:
      'TSParameterProperty[accessibility="private"], PropertyDefinition[accessibility="private"], ' +
      'MethodDefinition[accessibility="private"][kind!="constructor"]',
    message: 'Write a private member as `#name`. Assign constructor parameters to `readonly #name` fields.',
  },
  {
    selector: ['TSPropertySignature', 'PropertyDefinition', 'Identifier'].map(undefinedIn).join(', '),
    message: 'Write an optional property as `name?: T`. It accepts undefined without `| undefined`.',
  },
  {
    selector: 'ObjectExpression > SpreadElement > LogicalExpression[operator="&&"]',
    message:
      'Write the property and let its value be undefined. If the presence of the key matters, say so in a comment ' +
      'and spread `...(condition ? { key } : {})`.',
  },
];

export default tseslint.config(
  { ignores: ['dist', 'out', 'node_modules', 'fixtures'] },
  ...tseslint.configs.recommendedTypeChecked,
  {
    languageOptions: {
      parserOptions: {
        projectService: { allowDefaultProject: ['*.js', '*.cjs', 'scripts/*.mjs'] },
        tsconfigRootDir: import.meta.dirname,
      },
    },
    rules: {
      eqeqeq: 'error',
      'no-console': 'error',
      'no-restricted-syntax': ['error', ...HABITS],
      'no-empty': 'error',
      'no-warning-comments': 'error',
      'preserve-caught-error': 'error',
      'prefer-const': 'error',
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/prefer-readonly': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
    },
  },
  { files: ['src/**'], rules: { 'max-lines': ['error', 300] } },
  { files: ['scripts/**', 'examples/**'], rules: { 'no-console': 'off' } },
  { files: ['**/*.js', '**/*.cjs', '**/*.mjs'], ...tseslint.configs.disableTypeChecked },
);
