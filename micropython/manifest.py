metadata(description="Cloud logins, photos in chunks and commands for cameras on Aliyun and Huawei IoT", version="0.1.0")

package("faceiot")
