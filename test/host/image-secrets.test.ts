import { searchForSecrets } from "../support/image-secrets.js";

searchForSecrets("container");
