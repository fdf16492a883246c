import { searchForSecrets } from "../support/image-secrets.js";

// A machine's disk is the image: what was deleted would still be in its free blocks. EC2's builder is such a machine.
searchForSecrets("vm");
