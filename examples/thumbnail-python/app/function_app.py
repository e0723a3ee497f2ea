"""A picture that is uploaded to samples-workers gets a small copy of its own name."""
import logging

import azure.functions as func

from thumbnail import NotAPicture, shrink

app = func.FunctionApp()


@app.blob_trigger(arg_name="picture", path="samples-workers/{name}", connection="STORAGE_CONNECTION_STRING")
@app.blob_output(arg_name="small", path="%TARGET_CONTAINER_NAME%/{name}", connection="STORAGE_CONNECTION_STRING")
def thumbnail(picture: func.InputStream, small: func.Out[bytes]) -> None:
    content = picture.read()
    try:
        made = shrink(content)
    except NotAPicture as error:
        # To try again would not make it one.
        logging.warning("not a picture: %s: %s", picture.name, error)
        return
    logging.info("thumbnail of %s: %d bytes became %d", picture.name, len(content), len(made))
    small.set(made)
