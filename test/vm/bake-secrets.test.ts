import { searchForSecrets } from "../support/image-secrets.js";

// A VM's disk becomes the image, so deleted files could remain in its free blocks. A builder on EC2 is such a machine.
searchForSecrets("vm");
